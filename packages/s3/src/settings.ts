import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';

/** Which service, and as whom. Holds secrets: never printed, never part of an error. */
export interface S3Settings {
  /** Base URL of the service when it is not AWS itself. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the AWS tools would use: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
 * AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL; for what these do not say, the profile AWS_PROFILE (or default) of the
 * credentials and config files.
 * @throws DDPM_ERR_STORE_CREDENTIALS
 */
export async function s3Settings(location: string, env: Environment = process.env): Promise<S3Settings> {
  const profile = await readProfile(env);
  const keys = env.AWS_ACCESS_KEY_ID ? environmentKeys(env) : profileKeys(profile);
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  if (!accessKeyId || !secretAccessKey) throw fleetError('DDPM_ERR_STORE_CREDENTIALS', { location });
  return {
    endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || profile.get('endpoint_url'),
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.get('region') || 'us-east-1',
    accessKeyId,
    secretAccessKey,
    sessionToken,
  };
}

type Keys = { [K in 'accessKeyId' | 'secretAccessKey' | 'sessionToken']: string | undefined };

function environmentKeys(env: Environment): Keys {
  return {
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    sessionToken: env.AWS_SESSION_TOKEN || undefined,
  };
}

function profileKeys(profile: ReadonlyMap<string, string>): Keys {
  return {
    accessKeyId: profile.get('aws_access_key_id'),
    secretAccessKey: profile.get('aws_secret_access_key'),
    sessionToken: profile.get('aws_session_token'),
  };
}

/** The settings of one profile; the credentials file wins over the config file. */
async function readProfile(env: Environment): Promise<Map<string, string>> {
  const directory = join(homedir(), '.aws');
  const profile = env.AWS_PROFILE || 'default';
  const config = await readText(env.AWS_CONFIG_FILE || join(directory, 'config'));
  const credentials = await readText(env.AWS_SHARED_CREDENTIALS_FILE || join(directory, 'credentials'));
  const headings = [`profile ${profile}`, profile];
  return new Map([...section(config, headings), ...section(credentials, headings)]);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

/** `key = value` lines below any of `headings` of an INI file; indented lines belong to nested settings. */
function section(text: string, headings: readonly string[]): Map<string, string> {
  const settings = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (heading !== undefined) inside = headings.includes(heading.trim());
    const [, key, value] = /^(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (inside && key) settings.set(key, value!);
  }
  return settings;
}
