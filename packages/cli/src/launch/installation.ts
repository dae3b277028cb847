import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Where this installation lies: packages of it are found on other hosts by the same path below theirs. */
export const INSTALLATION = fileURLToPath(new URL('../../../../..', import.meta.url)).replace(/\/$/, '');

export const CLI = fileURLToPath(new URL('../../../bin/ddpm-fleet.js', import.meta.url));

/** The host that runs the coordinator, whatever the launcher. */
export const HERE = hostname();
