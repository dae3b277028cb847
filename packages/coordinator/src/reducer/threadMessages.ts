import type { TreeNode } from '@ddpm-fleet/core';
import type { SegmentOffer } from '@ddpm-fleet/protocol';
import type { Part, ReducerOptions, RootBucket } from './reducer.js';

/** What a reducer and its threads tell each other. */
export interface ThreadOptions extends ReducerOptions {
  /** Of the addon that maps segments and adds; without it payloads come as bytes. */
  readonly addonPath?: string;
}

export interface BeginMessage {
  readonly type: 'begin';
  readonly round: number;
  readonly digest: boolean;
  readonly root: number | undefined;
}

export interface AddMessage {
  readonly type: 'add';
  readonly round: number;
  readonly node: TreeNode;
  readonly bucket: number;
  /** `memory` holds the payload in its first bytes, until it is given back. */
  readonly payload: Part | { readonly memory: SharedArrayBuffer; readonly sizeBytes: number };
}

export interface MapMessage {
  readonly type: 'map';
  readonly segment: number;
  readonly offer: SegmentOffer;
  readonly own: boolean;
}

export type ToThread =
  BeginMessage | AddMessage | MapMessage | { readonly type: 'forget'; readonly segment: number };

export type FromThread =
  | { readonly type: 'done'; readonly memory: SharedArrayBuffer }
  | { readonly type: 'root'; readonly root: RootBucket }
  | { readonly type: 'bad'; readonly bad: { round: number; node: TreeNode; bucket: number } }
  | { readonly type: 'mapped'; readonly segment: number; readonly problem?: string };
