#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['transactions', ...process.argv.slice(2)])
