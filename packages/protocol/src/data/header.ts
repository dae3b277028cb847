import type { TreeNode } from '@ddpm-fleet/core';
import type { FloatDtype } from './dtype.js';

/** What a data frame is. Values are on the wire: add, never change. Each has its sentence in PROTOCOL.md. */
export const FrameKind = {
  /** One bucket of the gradient sum of a subtree. Worker to coordinator. */
  partial: 1,
  /** (t, loss) of each image of a subtree, in position order. Worker to coordinator. */
  partialImages: 2,
  /** One bucket of the tree's root, before division. Coordinator to workers. */
  root: 3,
  /** (t, loss) of every image of the step, in position order. Coordinator to workers. */
  rootImages: 4,
  /** A chunk of a section of a training state. Both ways. */
  state: 5,
  /** "This is my data plane." The first frame of a worker. */
  attach: 6,
  /** Sent to find out whether the peer is still connected; no answer. */
  probe: 7,
} as const;

export type FrameKindCode = (typeof FrameKind)[keyof typeof FrameKind];

interface Header<K extends FrameKindCode> {
  readonly kind: K;
  /** First eight bytes of the run's hash: `runKey`. */
  readonly run: bigint;
}

/** Something that belongs to a step, and holds `count` elements. */
interface StepHeader<K extends FrameKindCode> extends Header<K> {
  /** Of a subtree's sum: that of the STEP_BEGIN that leased the slots; else the sender's when it sent the frame. */
  readonly generation: number;
  readonly globalStep: number;
  /** Elements of the payload, at least one. */
  readonly count: number;
}

/** One bucket of the gradient sum of a tree node. */
interface SumHeader<K extends FrameKindCode> extends StepHeader<K>, TreeNode {
  readonly dtype: FloatDtype;
  readonly bucket: number;
}

/** The records of the `count` images below a tree node. */
type ImagesHeader<K extends FrameKindCode> = StepHeader<K> & TreeNode;

export type PartialHeader = SumHeader<typeof FrameKind.partial>;
export type PartialImagesHeader = ImagesHeader<typeof FrameKind.partialImages>;
export type RootHeader = SumHeader<typeof FrameKind.root>;
export type RootImagesHeader = ImagesHeader<typeof FrameKind.rootImages>;

/** Elements of one section of the state after `globalStep` steps. */
export interface StateHeader extends StepHeader<typeof FrameKind.state> {
  readonly transfer: number;
  /** Place of the section in the STATE of this transfer. */
  readonly section: number;
  readonly chunk: number;
}

export interface AttachHeader extends Header<typeof FrameKind.attach> {
  /** Counts the sender's connections of this plane, so that a new one is recognised. */
  readonly connection: number;
}

export type ProbeHeader = Header<typeof FrameKind.probe>;

/** The identity of a data frame: one shape a kind. */
export type FrameHeader =
  | PartialHeader
  | PartialImagesHeader
  | RootHeader
  | RootImagesHeader
  | StateHeader
  | AttachHeader
  | ProbeHeader;

export type HeaderOf<K extends FrameKindCode> = Extract<FrameHeader, { kind: K }>;
