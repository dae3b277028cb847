import { createHmac, timingSafeEqual } from 'node:crypto';
import { parseLine } from './journalLine.js';

/** 32 bytes that only the coordinators of a run know. */
export type SealKey = Uint8Array;

/** What a coordinator seals its lines with. */
export interface Seal {
  readonly key: SealKey;
  /** Somebody told it to go on behind lines that do not bear this seal: its first line says so. */
  readonly isResealed: boolean;
}

/** Of journals whose lines are sealed; those before had no number. */
export const SEALED_FORMAT = 2;

const END = /,"seal":"([0-9a-f]{64})"\}$/;

/** The line with its seal as the last field: HMAC-SHA256 (hex) of the line without it. */
export function sealLine(text: string, key: SealKey): string {
  return `${text.slice(0, -1)},"seal":"${mac(text, key).toString('hex')}"}`;
}

/** Whether a line bears the seal of this key. */
export function isSealed(text: string, key: SealKey): boolean {
  const [end, seal] = END.exec(text) ?? [];
  if (end === undefined) return false;
  return timingSafeEqual(Buffer.from(seal!, 'hex'), mac(`${text.slice(0, -end.length)}}`, key));
}

export interface SealCheck {
  /** Lines that bear the seal, from the last that said that it begins anew. */
  readonly sealed: number;
  /** Index of the first line behind that one which does not. */
  readonly broken: number | undefined;
}

/** Checks the newest lines of a journal. */
export function checkSeals(texts: readonly string[], key: SealKey): SealCheck {
  const sealed = texts.map((text) => isSealed(text, key));
  const anew = texts.findLastIndex((text, i) => sealed[i] && beginsAnew(text));
  const first = Math.max(0, anew);
  const broken = sealed.indexOf(false, first);
  return { sealed: sealed.slice(first).filter(Boolean).length, broken: broken < 0 ? undefined : broken };
}

function beginsAnew(text: string): boolean {
  const line = parseLine(text);
  return typeof line === 'object' && line.kind === 'start' && line.resealed === true;
}

function mac(text: string, key: SealKey): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
