#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['verifiable-producer', ...process.argv.slice(2)])
