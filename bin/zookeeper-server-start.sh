#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['zookeeper-server-start', ...process.argv.slice(2)])
