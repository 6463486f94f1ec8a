/** One configuration for every suite; `pnpm jest packages/audio` runs a part. */
export default {
  testMatch: ['<rootDir>/{packages,services,test}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testEnvironmentOptions: { exportConditions: ['source', 'node', 'import', 'default'] },
  modulePathIgnorePatterns: ['/dist/', '/.tools/'],
  testTimeout: 30_000,
  maxWorkers: 2,
  coverageProvider: 'babel',
};
