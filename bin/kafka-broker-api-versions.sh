#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['broker-api-versions', ...process.argv.slice(2)])
