#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['console-consumer', ...process.argv.slice(2)])
