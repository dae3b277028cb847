import test from 'ava';
import { engineConformance } from '../../src/conformance.js';
import { openCompiled } from './engines.js';

engineConformance(test.serial, () => openCompiled());
