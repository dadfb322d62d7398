#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['reassign-partitions', ...process.argv.slice(2)])
