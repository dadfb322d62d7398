#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['server-start', ...process.argv.slice(2)])
