#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['run-class', ...process.argv.slice(2)])
