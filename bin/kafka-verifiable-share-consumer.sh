#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['verifiable-share-consumer', ...process.argv.slice(2)])
