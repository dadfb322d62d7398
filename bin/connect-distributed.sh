#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['connect-distributed', ...process.argv.slice(2)])
