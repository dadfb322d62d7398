#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['connect-plugin-path', ...process.argv.slice(2)])
