#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['broker-api-versions', ...process.argv.slice(2)])
