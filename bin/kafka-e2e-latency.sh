#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['e2e-latency', ...process.argv.slice(2)])
