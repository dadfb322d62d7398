#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['mirror-maker', ...process.argv.slice(2)])
