#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['client-metrics', ...process.argv.slice(2)])
