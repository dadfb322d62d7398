#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['dump-log', ...process.argv.slice(2)])
