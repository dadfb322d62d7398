#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['consumer-groups', ...process.argv.slice(2)])
