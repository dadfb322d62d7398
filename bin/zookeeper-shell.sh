#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['zookeeper-shell', ...process.argv.slice(2)])
