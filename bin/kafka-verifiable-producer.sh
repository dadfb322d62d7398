#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['verifiable-producer', ...process.argv.slice(2)])
