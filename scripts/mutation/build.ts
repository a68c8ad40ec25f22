/** Stryker's build command: bundles the unit tests in its copy of the tree, which is the working folder. Arguments: parts of the paths of those that are wanted. */
import { bundle, testFilesIn } from './bundle.js';

await bundle('.', testFilesIn('.', process.argv.slice(2)));
