#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['replica-verification', ...process.argv.slice(2)])
