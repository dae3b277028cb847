import { existsSync, readFileSync } from 'node:fs';
import { fleetError } from '@ddpm-fleet/core';
import { gpuId, type GpuId } from './gpus.js';

/** One host of a hosts file: how ssh reaches it, and what may be used of it. */
export interface HostLine {
  /** What the run calls it, unique: `name=`, or what ssh is given. */
  readonly name: string;
  /** `user@host` or a name from ssh's own config. */
  readonly target: string;
  readonly port?: number;
  /** Where ddpm-fleet is installed on it; default: where it is here. */
  readonly dir?: string;
  /** Node there; default `node`. */
  readonly node?: string;
  readonly gpus?: readonly GpuId[];
  readonly cores?: number;
}

/**
 * Hosts by file or list. A line is `[user@]host[:port] [name=N] [dir=PATH] [node=PATH] [gpus=0,1] [cores=8]`; `#`
 * begins a comment. A list is `a,b,user@c:2222`.
 * @throws DDPM_ERR_HOSTS naming file and line
 */
export function readHosts(fileOrList: string): HostLine[] {
  const isFile = existsSync(fileOrList);
  const lines = isFile ? readFileSync(fileOrList, 'utf8').split('\n') : fileOrList.split(',');
  const hosts = lines.flatMap((line, i) => {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean);
    const place = isFile ? `${fileOrList}:${i + 1}` : '--hosts';
    return words.length > 0 ? [parseHost(words, place)] : [];
  });
  if (hosts.length === 0) throw wrong(fileOrList, 'it names no host');
  const twice = hosts.find(({ name }, i) => hosts.findIndex((other) => other.name === name) !== i);
  if (twice) throw wrong(fileOrList, `${twice.name} is there twice; tell them apart with name=`);
  return hosts;
}

function parseHost([target = '', ...pairs]: string[], place: string): HostLine {
  const match = /^((?:[\w.-]+@)?(?:[\w.-]+|\[[0-9a-fA-F:]+\]))(?::(\d+))?$/.exec(target);
  if (!match || target.startsWith('-')) throw wrong(place, `${target} is not [user@]host[:port]`);
  const options = Object.fromEntries(pairs.map((pair) => parsePair(pair, place)));
  return {
    name: target,
    target: match[1]!,
    ...(match[2] === undefined ? {} : { port: Number(match[2]) }),
    ...options,
  };
}

function parsePair(pair: string, place: string): [string, string | number | GpuId[]] {
  const [key = '', value = ''] = pair.split(/=(.*)/s);
  if (value !== '' && ['name', 'dir', 'node'].includes(key)) return [key, value];
  if (key === 'cores' && /^\d+$/.test(value)) return [key, Number(value)];
  const gpus = value.split(',').filter(Boolean);
  if (key === 'gpus' && gpus.every((id) => /^(\d+|(GPU|MIG)-[\w/-]+)$/.test(id)))
    return [key, gpus.map(gpuId)];
  throw wrong(place, `${pair} is not name=, dir=, node=, gpus=0,1 or cores=N`);
}

function wrong(place: string, detail: string): Error {
  return fleetError('DDPM_ERR_HOSTS', { place, detail });
}
