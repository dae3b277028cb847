import { loadTensorflow } from '../backends/tensorflow/load.js';
import { withSavedModel } from '../compile/directory.js';
import { encodeGraphDef } from '../compile/graph/graphDef.js';
import { encodeSavedModel } from '../compile/graph/savedModel.js';
import { Session, type Feed } from '../compile/session.js';
import type { Engine, HostArray } from '../engine.js';
import { locateEngine } from '../install/cache.js';
import type { SymmetricAlgebra } from './algebra.js';
import { symmetricGraph, type SymmetricTensors } from './graph.js';

/** The algebra of an open engine; undefined where the engine is not TensorFlow, which alone has one. */
export function openSymmetricAlgebra(engine: Engine, size: number): SymmetricAlgebra | undefined {
  if (engine.description.kind !== 'tensorflow') return undefined;
  const { binding } = loadTensorflow(locateEngine()!.addonPath).backend;
  const { graph, tensors } = symmetricGraph(size);
  const model = encodeSavedModel(encodeGraphDef(graph));
  return new SessionAlgebra(
    size,
    withSavedModel(model, (directory) => new Session(binding, directory)),
    tensors,
  );
}

class SessionAlgebra implements SymmetricAlgebra {
  readonly size: number;
  readonly #session: Session;
  readonly #tensors: SymmetricTensors;

  constructor(size: number, session: Session, tensors: SymmetricTensors) {
    this.size = size;
    this.#session = session;
    this.#tensors = tensors;
  }

  eigenvalues(matrix: Float64Array): Float64Array {
    return this.#run({ matrix }, [this.#tensors.eigenvalues])[0]!;
  }

  eigen(matrix: Float64Array): { values: Float64Array; vectors: Float64Array } {
    const { eigen } = this.#tensors;
    const [values, vectors] = this.#run({ matrix }, [eigen.values, eigen.vectors]);
    return { values: values!, vectors: vectors! };
  }

  congruence(matrix: Float64Array, by: Float64Array): Float64Array {
    return this.#run({ matrix, by }, [this.#tensors.congruence])[0]!;
  }

  dispose(): void {
    this.#session.close();
  }

  #run(given: { matrix: Float64Array; by?: Float64Array }, fetches: readonly string[]): Float64Array[] {
    const feeds: Feed[] = Object.entries(given).map(([name, values]) => ({
      tensor: this.#tensors[name as 'matrix' | 'by'],
      shape: [this.size, this.size, 8],
      values: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    }));
    return this.#session.run(feeds, fetches).map(doublesOf);
  }
}

function doublesOf({ buffer, byteOffset, byteLength }: HostArray): Float64Array {
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
