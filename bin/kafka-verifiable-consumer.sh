#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['verifiable-consumer', ...process.argv.slice(2)])
