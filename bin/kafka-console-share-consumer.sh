#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['console-share-consumer', ...process.argv.slice(2)])
