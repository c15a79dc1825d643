'use strict'

const balance = require('fastify-balance')
const agent = require('fastify-balance/agent')
const drive = require('./drive.cjs')

console.log(balance.default === balance.balance, Object.keys(balance.strategies).length > 0, balance.errors.NoNodeError().code)
drive(balance, agent)
