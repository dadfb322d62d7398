#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['connect-standalone', ...process.argv.slice(2)])
