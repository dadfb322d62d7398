#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['replica-verification', ...process.argv.slice(2)])
