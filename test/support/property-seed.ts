// A red build must be red again when it is run again: `npm test` and CI take the same histories each time, TKAFKA_SEED
// takes others, and `npm run test:faults` new ones in each run (fast-check prints the seed of what it finds).
import fc from 'fast-check'

const { TKAFKA_SEED, TKAFKA_FAULTS } = process.env
if (TKAFKA_SEED !== undefined) fc.configureGlobal({ seed: Number(TKAFKA_SEED) | 0 })
else if (TKAFKA_FAULTS === undefined) fc.configureGlobal({ seed: 20_261_121 })
