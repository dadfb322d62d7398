#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['zookeeper-shell', ...process.argv.slice(2)])
