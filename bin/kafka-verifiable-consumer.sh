#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['verifiable-consumer', ...process.argv.slice(2)])
