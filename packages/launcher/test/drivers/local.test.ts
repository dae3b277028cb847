import test from 'ava';
import { driverConformance, localDriver } from '../../src/index.js';

driverConformance(test, async () => localDriver({ graceMs: 1000 }), 'localhost');
