#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['jmx', ...process.argv.slice(2)])
