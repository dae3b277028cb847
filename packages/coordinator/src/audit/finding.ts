/**
 * What is wrong with a journal.
 * damaged: a line is no journal line. changed: a line is not the one that was written. missing: lines were taken out.
 * misplaced: lines stand in another order. repeated: a line is there twice. cutOff: the journal went on after its end.
 * positions: a stream position was not used, or was used twice. recomputed: a step gave another result when it was
 * computed again. order: what the lines say cannot have happened one after the other. checkpoint: a checkpoint is
 * not the one that the journal knows, or is damaged. seal: a line was not written by a coordinator of this run.
 */
export type FindingKind =
  | 'damaged'
  | 'changed'
  | 'missing'
  | 'misplaced'
  | 'repeated'
  | 'cutOff'
  | 'positions'
  | 'recomputed'
  | 'order'
  | 'checkpoint'
  | 'seal';

export interface Finding {
  readonly kind: FindingKind;
  /** Number of the line, counted from 0, where it is one line's. */
  readonly line?: number;
  /** A sentence. */
  readonly detail: string;
}
