#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['zookeeper-security-migration', ...process.argv.slice(2)])
