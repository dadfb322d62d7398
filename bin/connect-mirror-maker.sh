#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['connect-mirror-maker', ...process.argv.slice(2)])
