import { trainerSuite } from './support/trainerSuite.js';

trainerSuite('compiled');
