/** Why bytes were refused. The list is closed, so that a caller can count by it. */
export type ProtocolFault =
  | 'magic'
  | 'version'
  | 'unknownType'
  | 'tooShort'
  | 'tooLong'
  | 'json'
  | 'schema'
  | 'frames'
  | 'header'
  | 'dtype'
  | 'length'
  | 'checksum'
  | 'run';

/** The only thing a decoder throws, whatever bytes it is given. */
export class ProtocolError extends Error {
  readonly fault: ProtocolFault;
  /** Protocol version the peer stated; for `version` only. */
  readonly peerVersion: number | undefined;

  constructor(fault: ProtocolFault, detail: string, peerVersion?: number) {
    super(detail);
    this.name = 'ProtocolError';
    this.fault = fault;
    this.peerVersion = peerVersion;
  }
}
