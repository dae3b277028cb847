import { OPERATIONS_VERSION } from '../../install/versions.js';
import type { TensorFlowBinding } from '../session.js';

/** What a graph computes with the addon's own operations is marked by this in the engine's version. */
export const OPERATIONS_TAG = `ops${OPERATIONS_VERSION}`;

/**
 * Whether the addon has the operations of packages/engine/native. One that was built before them, or from other
 * sources, has not: graphs then use TensorFlow's operations alone, and are slower.
 */
export function hasOperations(binding: TensorFlowBinding): boolean {
  try {
    const [version] = binding.executeOp('FleetOperationsVersion', [], [], 1);
    const value = binding.tensorDataSync(version!.id)[0];
    binding.deleteTensor(version!.id);
    return value === OPERATIONS_VERSION;
  } catch {
    return false;
  }
}
