export { compareRuns, comparisonPage, comparisonRows, type Comparison } from './comparison.js';
export { factsOf, type RunFacts } from './facts.js';
export { reportPage, type Picture, type Verdict } from './reportPage.js';
export { readHistory, type RunHistory } from './runHistory.js';
