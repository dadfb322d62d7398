#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['cluster', ...process.argv.slice(2)])
