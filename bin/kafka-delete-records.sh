#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['delete-records', ...process.argv.slice(2)])
