#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['console-producer', ...process.argv.slice(2)])
