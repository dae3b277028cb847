import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { DataConfig } from '@ddpm-fleet/config';
import type { Source } from '../reader.js';
import { CACHE_FORMAT } from './entry.js';

/**
 * Directory of the cache entry of a source under the given settings. A file that is replaced or edited gives another
 * key (its size or times change), and so does every setting that shapes the decoded images or their order.
 */
export function entryDirectory(home: string, config: DataConfig, source: Source): string {
  return join(home, entryName(config, source));
}

export function entryName(config: DataConfig, source: Source): string {
  const { kind, size, category, split, channels, resizeFilter, onBadImage } = config;
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify({ CACHE_FORMAT, kind, size, category, split, channels, resizeFilter, onBadImage }),
  );
  hash.update(`\n${source.context ?? ''}`);
  for (const { path, sizeBytes, mtimeMs, ctimeMs, version } of source.files) {
    const what =
      version === undefined ? [resolve(path), sizeBytes, mtimeMs, ctimeMs] : [path, sizeBytes, version];
    hash.update(`\n${JSON.stringify(what)}`);
  }
  return `${source.name.replace(/[^\w.-]+/g, '-').slice(0, 40)}-${hash.digest('hex').slice(0, 24)}`;
}
