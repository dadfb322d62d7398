#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['get-offsets', ...process.argv.slice(2)])
