#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['reassign-partitions', ...process.argv.slice(2)])
