// Loaded before tkafka by the attacks: says at the end how much memory the process took at most.
process.on('exit', () => {
  require('node:fs').writeSync(2, `PEAK-KB ${process.resourceUsage().maxRSS}\n`)
})
