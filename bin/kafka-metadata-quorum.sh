#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['metadata-quorum', ...process.argv.slice(2)])
